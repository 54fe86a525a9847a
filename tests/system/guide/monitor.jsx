import React, { useEffect, useState } from 'react';

function DeviceMonitor({ deviceId }) {
    const [deviceData, setDeviceData] = useState(null);
    const [connectionStatus, setConnectionStatus] = useState('disconnected');

    useEffect(() => {
        const ws = new WebSocket('ws://your-server/ws/devices/');

        ws.onopen = () => setConnectionStatus('connected');

        ws.onmessage = (event) => {
            const data = JSON.parse(event.data);
            if (data.device_id === deviceId) {
                setDeviceData(data);
            }
        };

        ws.onclose = () => setConnectionStatus('disconnected');

        return () => ws.close();
    }, [deviceId]);

    if (!deviceData) return <div>Loading...</div>;

    return (
        <div className="device-monitor">
            <h3>{deviceData.name}</h3>
            <div className="metrics">
                <div className="battery">
                    Battery: {deviceData.battery_level}%
                    <div className="battery-bar" style={{width: `${deviceData.battery_level}%`}} />
                </div>
                <div className="signal">
                    RF: {deviceData.rf_signal} dBm ({deviceData.rf_quality})
                </div>
                <div className="audio">
                    Audio: {deviceData.audio_level} dB
                </div>
            </div>
            <div className="status">
                Status: {connectionStatus}
            </div>
        </div>
    );
}

export default DeviceMonitor;
